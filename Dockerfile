# syntax=docker/dockerfile:1
# A small image of the server: built with everything, run with nothing but a C library and certificates.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The caches stay with the builder; what is run is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package chat-server \
 && cp target/release/chat-server /usr/local/bin/chat-server \
 && strip /usr/local/bin/chat-server

FROM debian:bookworm-slim
# Certificates, to verify PostgreSQL and Redis over TLS. curl is for the health check.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/chat --create-home chat
COPY --from=build /usr/local/bin/chat-server /usr/local/bin/chat-server
USER chat
# The embedded database and what development makes live below; a volume keeps them.
WORKDIR /var/lib/chat
VOLUME /var/lib/chat
ENV HOST=0.0.0.0 \
    PORT=3000 \
    DATABASE_URL=sqlite:///var/lib/chat/data/chat.db \
    LOG_FORMAT=json
EXPOSE 3000 3002 9090
# The server drains on SIGTERM, for SHUTDOWN_TIMEOUT at most.
STOPSIGNAL SIGTERM
# Whether the process lives. Whether it is ready is the load balancer's question: a container should not be replaced for its database's sake.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD curl --fail --silent --output /dev/null "http://127.0.0.1:${PORT}/health/live" || exit 1
ENTRYPOINT ["chat-server"]
CMD ["serve"]
