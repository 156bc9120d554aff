"""Addresses of the reports, included by feedback.urls."""

from django.urls import path

from feedback import views_reports, views_reviews

urlpatterns = [
    path("reports/rejections/", views_reports.rejection_report, name="report-rejections"),
    path("reports/rejections.csv", views_reports.rejection_csv, name="report-rejections-csv"),
    path("reports/rejections/handoffs/", views_reports.handoff_list, name="report-handoffs"),
    path("reports/rejections/handoffs/uphold/", views_reviews.uphold_many, name="report-handoffs-uphold"),
    path("reports/rejections/handoffs/unuphold/", views_reviews.unuphold_many, name="report-handoffs-unuphold"),
    path("reports/rejections/handoffs.csv", views_reports.handoff_csv, name="report-handoffs-csv"),
]
