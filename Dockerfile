# syntax=docker/dockerfile:1
# A small image of the server: it contains only the binary, a C library and certificates.

FROM rust:1.95-slim-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends build-essential \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The caches stay with the builder, so the binary is copied out of them.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package chat-server \
 && cp target/release/chat-server /usr/local/bin/chat-server \
 && strip /usr/local/bin/chat-server

FROM debian:bookworm-slim
# Certificates, to verify PostgreSQL and Redis over TLS.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 10001 --home-dir /var/lib/chat --create-home chat
COPY --from=build /usr/local/bin/chat-server /usr/local/bin/chat-server
USER chat
# The embedded database is in this folder, on a volume.
WORKDIR /var/lib/chat
VOLUME /var/lib/chat
# In production the server does not start without JWT_SECRET and JWT_REFRESH_SECRET (openssl rand -base64 48 each).
ENV APP_ENV=production \
    HOST=0.0.0.0 \
    PORT=3000 \
    DATABASE_URL=sqlite:///var/lib/chat/data/chat.db \
    LOG_FORMAT=json
EXPOSE 3000 3002 9090
# On SIGTERM the server stops within SHUTDOWN_DELAY + SHUTDOWN_TIMEOUT.
STOPSIGNAL SIGTERM
# Requests /health/live: is the process alive? Readiness is for load balancers; an unavailable database is no reason to
# replace a container.
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 CMD ["chat-server", "health"]
ENTRYPOINT ["chat-server"]
CMD ["serve"]
