# Images are named by tag, so that this file can be read. Where builds must be
# repeatable, pin them: FROM golang:1.26-trixie@sha256:...
FROM golang:1.26-trixie AS build
WORKDIR /src
# Modules are a layer of their own: it stays until go.mod or go.sum changes.
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -buildvcs=false -ldflags='-s -w' -o /bot ./cmd/bot

FROM debian:trixie-slim
RUN apt-get update \
 && apt-get install --yes --no-install-recommends ca-certificates git \
 && rm -rf /var/lib/apt/lists/* \
 && install --directory --owner=65532 --group=65532 --mode=0700 /var/lib/sealift
COPY --from=build /bot /usr/local/bin/bot

# A number, so that Kubernetes can see that it is not root. The root file
# system may be read-only: the bot writes to /var/lib/sealift and /tmp only.
USER 65532:65532
WORKDIR /var/lib/sealift
ENV SEALIFT_ADDR=:8080 \
    SEALIFT_METRICS_ADDR=:9090 \
    SEALIFT_DATA_DIR=/var/lib/sealift
VOLUME ["/var/lib/sealift", "/tmp"]
EXPOSE 8080 9090

# Kubernetes probes /healthz and /readyz.
HEALTHCHECK NONE
ENTRYPOINT ["/usr/local/bin/bot"]
CMD ["serve"]
