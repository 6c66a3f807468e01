# The image of the app, for linux/amd64 and linux/arm64: docker build -t xylolabs-api .
# Both: docker buildx build --platform linux/amd64,linux/arm64 .

FROM node:24.21.0-bookworm-slim AS base
# ffmpeg and ffprobe for the media; setpriv and prlimit of util-linux confine them; tini reaps what they leave.
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg tini util-linux \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir /app /data \
  && chown node:node /app /data
WORKDIR /app
ENV BIND_ADDR=0.0.0.0:3000 DATA_DIR=/data
EXPOSE 3000
ENTRYPOINT ["tini", "--"]
# Alive is enough here, a server that is away is no reason to restart; /health/ready says more.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]

# For docker-compose.dev.yml: the source is mounted, its packages come at the first start.
FROM base AS development
USER node
RUN mkdir node_modules
CMD ["npm", "start"]

# Their binaries come ready-made for each architecture: no compiler is needed.
FROM base AS packages
COPY .npmrc package.json package-lock.json ./
RUN npm ci --omit=dev

# The dashboards are files in the end: what makes them stays behind.
FROM base AS dashboards
COPY .npmrc package.json package-lock.json ./
COPY packages packages
COPY frontend frontend
COPY frontend-app frontend-app
RUN npm ci
COPY domain domain
COPY ops ops
RUN npm run build:web

FROM base
ENV NODE_ENV=production
COPY --from=packages /app/node_modules node_modules
COPY .npmrc package.json package-lock.json ./
COPY domain domain
COPY commands commands
COPY projections projections
COPY read-api read-api
COPY workers workers
COPY migrations migrations
COPY ops ops
COPY --from=dashboards /app/frontend/dist frontend/dist
COPY --from=dashboards /app/frontend-app/dist frontend-app/dist
RUN node ops/compiled.mjs --version
USER node
# Bring a volume for /data: scratch files of the media, and all data of the servers that are not configured.
VOLUME /data
CMD ["node", "ops/compiled.mjs", "up"]
