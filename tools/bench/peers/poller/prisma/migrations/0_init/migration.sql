CREATE TABLE "Run" (
    "bountyId" BIGINT NOT NULL,
    "posterAddress" TEXT NOT NULL,
    "ipfsHash" TEXT NOT NULL,
    "reward" BIGINT NOT NULL,
    "deadline" BIGINT NOT NULL,
    "state" TEXT NOT NULL,
    "claimedBy" BIGINT,
    "claimedByWallet" TEXT,
    "stake" BIGINT,
    "deliverableHash" TEXT,
    "claimedAt" BIGINT,
    "submittedAt" BIGINT,
    "createdAt" BIGINT NOT NULL,

    CONSTRAINT "Run_pkey" PRIMARY KEY ("bountyId")
);

CREATE TABLE "Agent" (
    "id" BIGINT NOT NULL,
    "staked" BIGINT NOT NULL,
    "locked" BIGINT NOT NULL DEFAULT 0,
    "completions" INTEGER NOT NULL DEFAULT 0,
    "volume" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "Agent_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "Cursor" (
    "id" INTEGER NOT NULL,
    "block" BIGINT NOT NULL,

    CONSTRAINT "Cursor_pkey" PRIMARY KEY ("id")
);

CREATE INDEX "Run_posterAddress_idx" ON "Run"("posterAddress");
CREATE INDEX "Run_reward_idx" ON "Run"("reward");
CREATE INDEX "Run_deadline_idx" ON "Run"("deadline");
CREATE INDEX "Run_state_idx" ON "Run"("state");
CREATE INDEX "Run_claimedBy_idx" ON "Run"("claimedBy");
