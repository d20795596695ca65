# Tapwright in a container. docs/command-line.md, "In a container", says how to run it; compose.yaml does so.

FROM python:3.13-slim-bookworm AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY tokenvault tokenvault
COPY authz authz
COPY simulators simulators
# A pushed image keeps whole seconds of the time of a file. Machine code is kept with the time of its source, so sources get
# a time that stays as it is; their bytecode is made after that.
ENV PATH=/opt/tapwright/bin:$PATH
# What is installed is the folder above, whose pyproject.toml bounds the versions of what it needs.
# hadolint ignore=DL3013
RUN python -m venv /opt/tapwright \
    && pip install --no-cache-dir --no-compile ".[postgres]" \
    && find /opt/tapwright -name "*.py" -exec touch --date=@1700000000 {} + \
    && python -m compileall -q /opt/tapwright/lib

FROM python:3.13-slim-bookworm
RUN groupadd --gid 10001 tapwright \
    && useradd --uid 10001 --gid tapwright --create-home tapwright \
    && install --directory --owner=tapwright --group=tapwright --mode=0700 /var/lib/tapwright \
    && install --directory --owner=tapwright --group=tapwright /var/cache/tapwright
COPY --from=build /opt/tapwright /opt/tapwright
# The engine is compiled here, for any processor of the architecture: the image runs on other machines than this one.
ENV PATH=/opt/tapwright/bin:$PATH \
    NUMBA_CPU_NAME=generic \
    XDG_CACHE_HOME=/var/cache/tapwright \
    TAPWRIGHT_DATA_DIR=/var/lib/tapwright \
    TAPWRIGHT_HTTP_HOST=0.0.0.0 \
    TAPWRIGHT_ISO_HOST=0.0.0.0
# By number, so that an orchestrator sees that it is not root.
USER 10001:10001
WORKDIR /home/tapwright
RUN tapwright warm-up
VOLUME /var/lib/tapwright
EXPOSE 8420 8583
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8420/readyz', timeout=4)"]
ENTRYPOINT ["tapwright"]
CMD ["serve"]
