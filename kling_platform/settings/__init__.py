"""Django's settings, one topic a file. Values come from the environment through kling_platform.env."""

from kling_platform.settings.admin import *
from kling_platform.settings.apps import *
from kling_platform.settings.database import *
from kling_platform.settings.kie import *
from kling_platform.settings.language import *
from kling_platform.settings.logs import *
from kling_platform.settings.paths import *
from kling_platform.settings.queue import *
from kling_platform.settings.rest import *
from kling_platform.settings.security import *
