// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {BountyMarketBatchTest} from "../BountyMarketBatch.t.sol";
import {BountyMarketClaimTest} from "../BountyMarketClaim.t.sol";
import {BountyMarketDeferredTest} from "../BountyMarketDeferred.t.sol";
import {BountyMarketRelayerTest} from "../BountyMarketRelayer.t.sol";
import {BountyMarketReviewTest} from "../BountyMarketReview.t.sol";
import {BountyMarketSignatureTest} from "../BountyMarketSignature.t.sol";
import {BountyMarketSlashTest} from "../BountyMarketSlash.t.sol";
import {BountyMarketStatesTest} from "../BountyMarketStates.t.sol";
import {BountyMarketWorkTest} from "../BountyMarketWork.t.sol";
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

contract StatesOnCanonicalRegistryTest is BountyMarketStatesTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract WorkOnCanonicalRegistryTest is BountyMarketWorkTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}
