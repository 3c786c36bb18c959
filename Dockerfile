# syntax=docker/dockerfile:1
# One image; the command chooses the role: `serve`, `serve --only inventory`, `demo`, `migrate up`, …

FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --release --locked --package freestone \
    && mkdir -p /out/storage \
    && cp target/release/freestone /out/freestone

# No shell and no package manager; `nonroot` is user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
LABEL org.opencontainers.image.title="Freestone" \
      org.opencontainers.image.description="A complete online shop in one binary." \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"
COPY --from=build /out/freestone /usr/local/bin/freestone
COPY --from=build --chown=65532:65532 /out/storage /storage
# The internal listener carries metrics and module calls. It stays in the container unless a composition opens it.
ENV FREESTONE_DATA_DIR=/storage \
    FREESTONE_LISTEN=0.0.0.0:8080 \
    FREESTONE_INTERNAL_LISTEN=127.0.0.1:9464 \
    FREESTONE_LOG_FORMAT=json
WORKDIR /storage
VOLUME /storage
EXPOSE 8080
USER nonroot
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s CMD ["/usr/local/bin/freestone", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/freestone"]
CMD ["serve"]
