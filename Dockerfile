# The web app, then the program around it, then nothing else: the result is one static file on an empty base.
FROM node:22-bookworm-slim AS web
WORKDIR /src/web
COPY web/package.json web/package-lock.json ./
COPY web/sdk/package.json sdk/
COPY web/app/package.json app/
COPY web/e2e/package.json e2e/
RUN npm ci --no-audit --no-fund
COPY web ./
RUN npm run build

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/web/app/dist web/app/dist
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /out/confab ./cmd/confab \
 && mkdir -m 0700 /out/data

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/confab /confab
COPY --from=build --chown=65532:65532 /out/data /data
USER 65532:65532
# There is no /tmp on the empty base.
ENV CONFAB_DATA_DIR=/data TMPDIR=/data
VOLUME /data
# 8080 as it is; with CONFAB_DOMAIN, 443 and 80.
EXPOSE 8080/tcp 8080/udp 443/tcp 443/udp 80/tcp
HEALTHCHECK --interval=30s --timeout=6s --start-period=30s CMD ["/confab", "ready"]
ENTRYPOINT ["/confab"]
CMD ["serve"]
