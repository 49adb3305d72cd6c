# One image for the indexer, the API and the operator's commands: the command chooses. See compose.yaml.
FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553 AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
COPY packages/client/package.json packages/client/
COPY packages/cli/package.json packages/cli/
COPY patches patches
# The lockfile brings a Node for laptops. The image has its own.
RUN npm ci --omit=dev --ignore-scripts && npx patch-package --error-on-fail && rm -rf node_modules/node-linux-* node_modules/node-bin-*

FROM node:24.21.0-bookworm-slim@sha256:2fe369e969550cde8e867afc3fe370b260140cab4a23d467074295b42163d553
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json tsconfig.json ponder.config.ts ponder.schema.ts ./
COPY abis abis
COPY core core
COPY src src
COPY ops ops
COPY patches patches
COPY deployments deployments
# Ponder writes here when it starts.
RUN mkdir generated .ponder && chown node generated .ponder
USER node
EXPOSE 3000 9464 42069
CMD ["node", "--max-semi-space-size=64", "src/api/start.ts"]
