# Two targets: `cpu` (the painter, about everything but diffusion) and `cuda` (the same and torch).
#   docker build --target cpu -t suisai .
#   docker build --target cuda -t suisai:cuda .
# Packages come with hashes from requirements/ (make lock writes it), the base image by its digest
# (for amd64 and arm64). To move to a newer one: docker buildx imagetools inspect python:3.12-slim-bookworm
ARG PYTHON=python:3.12.15-slim-bookworm@sha256:54c85f3c47607a77f32adec749d3c81d1348bf25833671f512b26a9b6d778cb3

FROM ${PYTHON} AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements requirements
RUN pip install --require-hashes --no-deps -r requirements/build.txt \
    && python -m venv /venv \
    && /venv/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY bots bots
COPY tasks tasks
COPY pipeline pipeline
RUN pip wheel --no-deps --no-build-isolation --wheel-dir /wheel . \
    && /venv/bin/pip install --no-deps --no-index /wheel/suisai-*.whl

FROM build AS build-cuda
RUN /venv/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements/gpu.txt

FROM ${PYTHON} AS base
# No system library is missing here: every wheel brings its own.
RUN useradd --uid 10001 --create-home --home-dir /data suisai
ENV PATH=/venv/bin:$PATH \
    PYTHONSAFEPATH=1 \
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
# Triton compiles a little C for every kernel; /tmp may not be a place where programs run.
FROM base AS cuda
USER 0
# hadolint ignore=DL3008 # Debian keeps only its newest version: a pinned one would stop being there.
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
USER 10001
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility \
    TORCHINDUCTOR_CACHE_DIR=/data/cache/inductor \
    TRITON_CACHE_DIR=/data/cache/triton
COPY --from=build-cuda /venv /venv
