# Two targets: `cpu` (the painter, about everything but diffusion) and `cuda` (the same and torch).
#   docker build --target cpu -t suisai .
#   docker build --target cuda -t suisai:cuda .
FROM python:3.12-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /venv
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY bots bots
COPY tasks tasks
COPY pipeline pipeline
RUN /venv/bin/pip install .

FROM build AS build-cuda
RUN /venv/bin/pip install '.[gpu]'

FROM python:3.12-slim AS base
# Files are opened by a library that looks for these at run time.
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgomp1 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --create-home --home-dir /data suisai
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SUISAI_DATA_DIR=/data
USER 10001
WORKDIR /data
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["suisai"]
CMD ["up"]

FROM base AS cpu
COPY --from=build /venv /venv

# torch's wheels bring CUDA; the driver comes from the host through the NVIDIA container toolkit.
FROM base AS cuda
ENV NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility
COPY --from=build-cuda /venv /venv
