"""Every address of the platform."""

from django.contrib import admin
from django.urls import include, path

from generations.api import probes
from generations.callbacks import callback

urlpatterns = [
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("api/v1/", include("generations.api.urls")),
    path("callbacks/kie/<str:token>/", callback, name="callback"),
    path("livez", probes.livez, name="livez"),
    path("readyz", probes.readyz, name="readyz"),
    path("metrics", probes.MetricsView.as_view(), name="metrics"),
]

handler400 = "kling_platform.error_pages.bad_request"
handler403 = "kling_platform.error_pages.permission_denied"
handler404 = "kling_platform.error_pages.page_not_found"
handler500 = "kling_platform.error_pages.server_error"
