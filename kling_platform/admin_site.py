"""Makes the platform's own admin site the default one."""

from django.contrib.admin.apps import AdminConfig


class PlatformAdminConfig(AdminConfig):
    default_site = "kling_platform.sites.PlatformAdminSite"
