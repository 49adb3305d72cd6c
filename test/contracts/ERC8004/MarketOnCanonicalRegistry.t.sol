// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {BountyMarketBatchTest} from "../BountyMarket/BountyMarketBatch.t.sol";
import {BountyMarketClaimTest} from "../BountyMarket/BountyMarketClaim.t.sol";
import {BountyMarketDeferredTest} from "../BountyMarket/BountyMarketDeferred.t.sol";
import {BountyMarketRelayerTest} from "../BountyMarket/BountyMarketRelayer.t.sol";
import {BountyMarketReviewTest} from "../BountyMarket/BountyMarketReview.t.sol";
import {BountyMarketSignatureTest} from "../BountyMarket/BountyMarketSignature.t.sol";
import {BountyMarketSlashTest} from "../BountyMarket/BountyMarketSlash.t.sol";
import {BountyMarketWorkTest} from "../BountyMarket/BountyMarketWork.t.sol";
import {CanonicalAgents} from "./CanonicalAgents.sol";

// Every test of the market that involves an agent, unchanged, on the canonical registry.

contract BatchOnCanonicalRegistryTest is BountyMarketBatchTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract ClaimOnCanonicalRegistryTest is BountyMarketClaimTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract DeferredOnCanonicalRegistryTest is BountyMarketDeferredTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract RelayerOnCanonicalRegistryTest is BountyMarketRelayerTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract ReviewOnCanonicalRegistryTest is BountyMarketReviewTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract SignatureOnCanonicalRegistryTest is BountyMarketSignatureTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract SlashOnCanonicalRegistryTest is BountyMarketSlashTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract WorkOnCanonicalRegistryTest is BountyMarketWorkTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}
