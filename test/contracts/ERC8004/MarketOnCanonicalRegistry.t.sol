// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {ABatchMakesEachClaimThatItCan} from "../rules/25_ABatchMakesEachClaimThatItCan.t.sol";
import {AnAgentClaimsWith20UsdcAtStake} from "../rules/07_AnAgentClaimsWith20UsdcAtStake.t.sol";
import {WhatUsdcRefusesIsOwed} from "../rules/22_WhatUsdcRefusesIsOwed.t.sol";
import {DevnetRelayersTest} from "../code/DevnetRelayers.t.sol";
import {WorkIsReviewedIn7DaysOrApproved} from "../rules/14_WorkIsReviewedIn7DaysOrApproved.t.sol";
import {AClaimIsSignedWithItsTerms} from "../rules/24_AClaimIsSignedWithItsTerms.t.sol";
import {AnOverdueClaimIsSlashed} from "../rules/12_AnOverdueClaimIsSlashed.t.sol";
import {TheClaimingWalletDeliversAlsoLate} from "../rules/10_TheClaimingWalletDeliversAlsoLate.t.sol";
import {CanonicalAgents} from "./CanonicalAgents.sol";

// Every test of the market that involves an agent, unchanged, on the canonical registry.

contract BatchOnCanonicalRegistryTest is ABatchMakesEachClaimThatItCan, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract ClaimOnCanonicalRegistryTest is AnAgentClaimsWith20UsdcAtStake, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract DeferredOnCanonicalRegistryTest is WhatUsdcRefusesIsOwed, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract RelayerOnCanonicalRegistryTest is DevnetRelayersTest, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract ReviewOnCanonicalRegistryTest is WorkIsReviewedIn7DaysOrApproved, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract SignatureOnCanonicalRegistryTest is AClaimIsSignedWithItsTerms, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract SlashOnCanonicalRegistryTest is AnOverdueClaimIsSlashed, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}

contract WorkOnCanonicalRegistryTest is TheClaimingWalletDeliversAlsoLate, CanonicalAgents {
    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }
}
