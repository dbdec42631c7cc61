# Builds one static executable and puts it into an image that holds nothing else.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
# The explicit target keeps the flags away from build scripts, which cannot be static. CI runs this very line.
RUN RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --release --bin phaseflag --target "$(rustc --print host-tuple)"
RUN install -D --mode=0755 target/*/release/phaseflag /image/phaseflag && install -d --mode=0750 /data

FROM scratch
COPY --from=build /image/phaseflag /phaseflag
# A new volume takes its owner from here, so the server may write to it without being root.
COPY --from=build --chown=65532:65532 /data /data
USER 65532:65532
ENV PHASEFLAG_HOST=0.0.0.0 PHASEFLAG_DATA=/data/phaseflag.redb
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s CMD ["/phaseflag", "healthcheck"]
ENTRYPOINT ["/phaseflag"]
CMD ["serve"]
