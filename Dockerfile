# The Signoff image: `signoff web`, `signoff worker`, `signoff up`, `prefect server start` and `prefect worker start` in one.
FROM python:3.12-slim

ENV PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    DO_NOT_TRACK=1 PREFECT_SERVER_ANALYTICS_ENABLED=false PREFECT_HOME=/data/prefect \
    SIGNOFF_DATA_DIR=/data SIGNOFF_HOST=0.0.0.0 SIGNOFF_LOG_FORMAT=json SIGNOFF_LOG_LEVEL=INFO

WORKDIR /app
COPY requirements.lock pyproject.toml README.md LICENSE prefect.yaml ./
COPY web web
COPY workflows workflows
COPY notifiers notifiers
COPY config config
COPY models models
RUN pip install --constraint requirements.lock . \
    && useradd --uid 10001 --home-dir /data signoff && mkdir /data && chown signoff /data

USER signoff
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"
ENTRYPOINT ["signoff"]
CMD ["up"]
