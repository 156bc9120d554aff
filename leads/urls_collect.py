"""Addresses that websites use: the scripts, the door for their messages, forms."""

from django.urls import path

from leads import views_collect, views_forms

urlpatterns = [
    path("collect.js", views_collect.script, {"name": "collect.js"}, name="collect-script"),
    path("form.js", views_collect.script, {"name": "form.js"}, name="form-script"),
    path("collect/", views_collect.collect, name="collect"),
    path("forms/<str:key>/", views_forms.form, name="form"),
    path("forms/<str:key>/token/", views_forms.token, name="form-token"),
    path("forms/<str:key>/thanks/", views_forms.thanks, name="form-thanks"),
]
