"""The roof and the ground of the portal; importing it makes the Celery app known to every process."""

from forum.celery import app as celery_app

__all__ = ["celery_app"]
