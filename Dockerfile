FROM python:3.13-slim

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /srv/forum
RUN useradd --system --uid 10001 --home-dir /srv/forum --shell /usr/sbin/nologin forum

COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock

COPY . .
# Names that only let the settings load; nothing is connected to and nothing of this stays in the image.
RUN ENVIRONMENT=production \
    SITE_URL=https://forum.example \
    SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
    DATABASE_URL=postgresql://localhost/none \
    REDIS_URL=redis://localhost:6379/0 \
    MAIL_URL=smtp://localhost:25 \
    python manage.py collectstatic --noinput

USER forum
EXPOSE 8000
CMD ["gunicorn", "forum.wsgi:application", "--bind", "0.0.0.0:8000", "--workers", "2", "--worker-class", "gthread", "--threads", "4", "--worker-tmp-dir", "/dev/shm", "--no-control-socket"]
