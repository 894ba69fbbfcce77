# SPDX-License-Identifier: Apache-2.0
# Builds exportd and makes a small image of it: docker build -t exportd .
FROM debian:12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        gcc libc6-dev cmake ninja-build pkg-config libhiredis-dev libpq-dev \
        libcurl4-openssl-dev libjansson-dev libcsv-dev zlib1g-dev libssl-dev libmicrohttpd-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY CMakeLists.txt CMakePresets.json ./
COPY cmake cmake
COPY common common
COPY worker worker
COPY cli cli
COPY migrations migrations
RUN cmake --preset release && cmake --build --preset release \
    && cmake --install build/release --prefix /usr/local --strip

FROM debian:12-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates libhiredis0.14 libpq5 libcurl4 libjansson4 libcsv3 zlib1g libssl3 libmicrohttpd12 \
    && rm -rf /var/lib/apt/lists/*
# The number is fixed: the files of a volume must have the same owner in every version of the image.
RUN groupadd --system --gid 994 exportd \
    && useradd --system --uid 994 --gid exportd --home-dir /var/lib/exportd --shell /usr/sbin/nologin exportd \
    && install -d -o exportd -g exportd -m 750 /var/lib/exportd /var/lib/exportd/files
COPY --from=build /usr/local/bin/exportd /usr/local/bin/exportd
USER exportd
WORKDIR /var/lib/exportd
VOLUME /var/lib/exportd/files
# TERM puts running jobs back into the queue after EXPORTD_STOP_SECONDS (25).
STOPSIGNAL SIGTERM
ENTRYPOINT ["exportd"]
CMD ["worker"]
