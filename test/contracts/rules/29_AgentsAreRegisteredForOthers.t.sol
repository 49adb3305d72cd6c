// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

import {AgentRegistrar} from "../../../contracts/AgentRegistrar.sol";
import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {IAgentRegistrar} from "../../../contracts/interfaces/IAgentRegistrar.sol";
import {CanonicalAgents} from "../ERC8004/CanonicalAgents.sol";
import {IERC8004} from "../ERC8004/IERC8004.sol";
import {RefusingReceiver, WatchingReceiver} from "../support/AgentReceivers.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

/// @notice Agents that a stranger registers for accounts in the canonical registry, which registers its caller only.
contract AgentsAreRegisteredForOthers is BountyMarketTest, CanonicalAgents {
    uint256 private constant NEXT = 2;
    string private constant GROUP = "registrations";

    AgentRegistrar private registrar;
    address private newcomer = makeAddr("newcomer");

    function setUp() public override {
        super.setUp();
        registrar = new AgentRegistrar(address(registry));
    }

    function _deployRegistry() internal override returns (AgentRegistry) {
        return _deployCanonicalRegistry(owner);
    }

    function test_RegistryIsTheGivenOne() public view {
        assertEq(registrar.REGISTRY(), address(registry));
    }

    function test_AnyoneRegistersAnAgentForAnother() public {
        vm.expectEmit(address(registry));
        emit IERC8004.Registered(NEXT, "ipfs://new", address(registrar));
        vm.expectEmit(address(registrar));
        emit IAgentRegistrar.Registered(NEXT, "ipfs://new", newcomer);
        vm.expectEmit(address(registry));
        emit IERC8004.MetadataSet(NEXT, "agentWallet", "agentWallet", "");
        vm.recordLogs();
        vm.prank(stranger);
        assertEq(registrar.registerFor(newcomer, "ipfs://new"), NEXT);
        assertNoLogTwice();

        assertEq(registry.ownerOf(NEXT), newcomer);
        assertEq(registry.tokenURI(NEXT), "ipfs://new");
        assertEq(registry.balanceOf(address(registrar)), 0);
    }

    function test_TheOwnerIsTheWalletThatClaims() public {
        registrar.registerFor(newcomer, "");
        assertEq(registry.getAgentWallet(NEXT), address(0));
        uint256 bountyId = _post();
        usdc.mint(newcomer, STAKE);
        vm.startPrank(newcomer);
        usdc.approve(address(staking), STAKE);
        staking.stake(NEXT, STAKE);
        market.claimBounty(bountyId, NEXT);
        vm.stopPrank();
        assertEq(market.getBounty(bountyId).wallet, newcomer);
    }

    function test_EachCallRegistersAnAgent() public {
        assertEq(registrar.registerFor(newcomer, "ipfs://same"), NEXT);
        assertEq(registrar.registerFor(newcomer, "ipfs://same"), NEXT + 1);
        assertEq(registry.balanceOf(newcomer), 2);
    }

    function test_AnOwnerWithCodeReceivesACompleteAgent() public {
        WatchingReceiver receiver = new WatchingReceiver();
        registrar.registerFor(address(receiver), "ipfs://new");
        assertEq(receiver.operator(), address(registrar));
        assertEq(receiver.agentId(), NEXT);
        assertEq(receiver.ownerSeen(), address(receiver));
        assertEq(receiver.walletSeen(), address(0));
        assertEq(receiver.agentURISeen(), "ipfs://new");
    }

    function test_GivenAnOwnerThatRegistersInItsCallback_BothAgentsAreItsOwn() public {
        RegisteringReceiver receiver = new RegisteringReceiver(registrar);
        assertEq(registrar.registerFor(address(receiver), "ipfs://first"), NEXT);
        assertEq(registry.ownerOf(NEXT), address(receiver));
        assertEq(registry.ownerOf(NEXT + 1), address(receiver));
    }

    function test_RevertGiven_OwnerThatRefuses_NothingIsRegistered() public {
        address refusing = address(new RefusingReceiver());
        vm.expectRevert(abi.encodeWithSelector(RefusingReceiver.AgentRefused.selector, NEXT));
        registrar.registerFor(refusing, "");
        assertEq(registrar.registerFor(newcomer, ""), NEXT);
    }

    function test_RevertGiven_NoOwner() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721InvalidReceiver.selector, address(0)));
        registrar.registerFor(address(0), "");
    }

    function test_RevertGiven_TheRegistrarAsOwner() public {
        _expectUnexpected(address(registry), address(registrar), address(registrar), NEXT);
        registrar.registerFor(address(registrar), "");
    }

    function test_RevertGiven_AnAgentThatAnAccountSends() public {
        _expectUnexpected(address(registry), owner, owner, AGENT);
        vm.prank(owner);
        registry.safeTransferFrom(owner, address(registrar), AGENT);
    }

    function test_RevertGiven_AMintByAnother() public {
        _expectUnexpected(address(registry), stranger, address(0), NEXT);
        vm.prank(address(registry));
        registrar.onERC721Received(stranger, address(0), NEXT, "");
    }

    function test_RevertGiven_ATokenOfAnotherContract() public {
        _expectUnexpected(stranger, address(registrar), address(0), NEXT);
        vm.prank(stranger);
        registrar.onERC721Received(address(registrar), address(0), NEXT, "");
    }

    /// @dev The longest URI that the relay takes, for an account that has no agent yet.
    /// forge-config: default.isolate = true
    function test_Gas() public {
        bytes memory longest = new bytes(256);
        for (uint256 i = 0; i < longest.length; ++i) {
            longest[i] = "x";
        }
        string memory agentURI = string(longest);
        new AgentRegistry().registerFor(newcomer, agentURI);
        vm.snapshotGasLastCall(GROUP, "registerFor");
        registrar.registerFor(newcomer, agentURI);
        uint256 gas = vm.snapshotGasLastCall(GROUP, "registerFor of AgentRegistrar");
        // The limit of a transaction covers what is refunded too, at most a fifth of it.
        assertLt(gas * 5 / 4, 460_000);
    }

    function _expectUnexpected(address token, address operator, address from, uint256 id) private {
        vm.expectRevert(abi.encodeWithSelector(IAgentRegistrar.UnexpectedAgent.selector, token, operator, from, id));
    }
}

/// @notice Has a second agent registered within the callback for the first.
contract RegisteringReceiver is IERC721Receiver {
    AgentRegistrar private immutable REGISTRAR;
    uint256 private _received;

    constructor(AgentRegistrar registrar) {
        REGISTRAR = registrar;
    }

    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        if (++_received == 1) REGISTRAR.registerFor(address(this), "ipfs://second");
        return IERC721Receiver.onERC721Received.selector;
    }
}
