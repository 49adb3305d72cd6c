// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {AgentRegistry} from "../../../contracts/AgentRegistry.sol";
import {AgentStaking} from "../../../contracts/AgentStaking.sol";
import {BountyMarket} from "../../../contracts/BountyMarket.sol";
import {SignedFunding} from "../../../contracts/SignedFunding.sol";
import {MockUSDC} from "../../../contracts/mocks/MockUSDC.sol";
import {KeyedWallet} from "../support/ContractWallets.sol";
import {Test} from "../support/Test.sol";

/// @title Cast
/// @notice A market, and every account that acts in it or is paid by it. Accounts may change roles: posters buy agents,
/// the treasury claims runs.
abstract contract Cast is Test {
    uint256 internal constant POSTERS = 3;
    uint256 internal constant OWNERS = 4;
    uint256 internal constant WALLETS = 4;
    address internal constant BURN = 0x000000000000000000000000000000000000dEaD;

    MockUSDC public usdc = new MockUSDC();
    AgentRegistry public registry = new AgentRegistry();
    BountyMarket public market;
    AgentStaking public staking;
    SignedFunding public funding;

    address public relayer = makeAddr("relayer");
    address public treasury = makeAddr("treasury");
    address public stakingOwner = makeAddr("stakingOwner");
    address public stranger = makeAddr("stranger");
    address public contractWallet;

    /// @dev Posters first, then owners, then wallets, then the rest.
    address[] internal people;
    mapping(address account => uint256) internal keyOf;

    /// @dev One agent per owner, then ids that only a lying registry has.
    uint256[] internal agents;

    constructor() {
        vm.warp(1_750_000_000);
        address[] memory relayers = new address[](1);
        relayers[0] = relayer;
        market = new BountyMarket(address(usdc), address(registry), treasury, stakingOwner, 1e15, relayers);
        staking = AgentStaking(market.STAKING());
        funding = new SignedFunding(address(market));

        for (uint256 i = 0; i < POSTERS; ++i) {
            _join(string.concat("poster", vm.toString(i)));
        }
        for (uint256 i = 0; i < OWNERS; ++i) {
            agents.push(registry.registerFor(_join(string.concat("owner", vm.toString(i))), ""));
        }
        for (uint256 i = 0; i < WALLETS; ++i) {
            _join(string.concat("wallet", vm.toString(i)));
        }
        (address key, uint256 privateKey) = makeAddrAndKey("contractWallet");
        contractWallet = address(new KeyedWallet(key));
        keyOf[contractWallet] = privateKey;
        _join(contractWallet);
        _join("relayer");
        _join("treasury");
        _join("stakingOwner");
        _join("stranger");

        agents.push(0);
        agents.push(OWNERS + 1);
        agents.push(uint256(type(uint40).max) + 1);
    }

    function _join(string memory name) private returns (address account) {
        uint256 privateKey;
        (account, privateKey) = makeAddrAndKey(name);
        keyOf[account] = privateKey;
        _join(account);
    }

    function _join(address account) private {
        people.push(account);
        usdc.mint(account, 1e24);
        vm.startPrank(account);
        usdc.approve(address(market), type(uint256).max);
        usdc.approve(address(staking), type(uint256).max);
        vm.stopPrank();
    }

    /// @notice Every account that the market may owe something: the acting ones, and the burn address.
    function allPeople() public view returns (address[] memory accounts) {
        accounts = new address[](people.length + 1);
        for (uint256 i = 0; i < people.length; ++i) {
            accounts[i] = people[i];
        }
        accounts[people.length] = BURN;
    }

    function allAgents() public view returns (uint256[] memory) {
        return agents;
    }
}
