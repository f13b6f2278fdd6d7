"""Loaded once into the process that forks the children of tests.processes: Django, ready to use."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()
