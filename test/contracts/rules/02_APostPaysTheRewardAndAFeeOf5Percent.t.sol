// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";

import {IBountyMarket} from "../../../contracts/interfaces/IBountyMarket.sol";
import {BountyMarketTest} from "../support/BountyMarketTest.sol";

contract APostPaysTheRewardAndAFeeOf5Percent is BountyMarketTest {
    function test_WhenCreated_BountyIsADraftAndCostsNothing() public {
        vm.recordLogs();
        vm.prank(poster);
        uint256 bountyId = market.createBounty(WORK, REWARD, DEADLINE, terms);
        assertEq(_countMarketEvents(), 1);

        assertEq(bountyId, 1);
        assertEq(market.bountyCount(), 1);
        _assertBounty(1, _unclaimed(DRAFT));
        _assertRefunded(0);
    }

    function test_WhenCreated_EventCarriesTheTermsAndTheFee() public {
        _expectEvent();
        emit IBountyMarket.BountyCreated(1, poster, WORK, REWARD, FEE, LOCK, DEADLINE, 7 days, address(0));
        _create();
    }

    function test_WhenPosted_BountyIsOpenAndPaidFor() public {
        _expectEvent();
        emit IBountyMarket.BountyCreated(1, poster, WORK, REWARD, FEE, LOCK, DEADLINE, 7 days, address(0));
        _expectEvent();
        emit IBountyMarket.BountyFunded(1, poster, poster, 105e6);
        _expectTransfer(poster, address(market), 105e6);
        vm.recordLogs();
        uint256 bountyId = _post();
        assertEq(_countMarketEvents(), 2);

        assertEq(bountyId, 1);
        assertEq(market.bountyCount(), 1);
        _assertBounty(1, _unclaimed(OPEN));
        _assertEscrowed(0);
    }

    function test_IdsCountFromOneWithoutGaps() public {
        assertEq(_create(), 1);
        assertEq(_post(), 2);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 0, 105e6)
        );
        market.postBounty(WORK, REWARD, DEADLINE, terms);
        assertEq(_create(), 3);
        assertEq(market.bountyCount(), 3);
    }

    function test_AnyoneMayCreate() public {
        _expectEvent();
        emit IBountyMarket.BountyCreated(1, stranger, WORK, REWARD, FEE, LOCK, DEADLINE, 7 days, address(0));
        vm.prank(stranger);
        market.createBounty(WORK, REWARD, DEADLINE, terms);
        assertEq(market.getBounty(1).poster, stranger);
    }

    function test_FeeIsRoundedDown() public {
        uint256[4] memory rewards = [uint256(10_000), 10_019, 10_020, 99_999_999];
        uint256[4] memory fees = [uint256(500), 500, 501, 4_999_999];
        for (uint256 i = 0; i < rewards.length; ++i) {
            _expectEvent();
            emit IBountyMarket.BountyCreated(
                i + 1, poster, WORK, rewards[i], fees[i], rewards[i] / 10, DEADLINE, 7 days, address(0)
            );
            _expectEvent();
            emit IBountyMarket.BountyFunded(i + 1, poster, poster, rewards[i] + fees[i]);
            _post(rewards[i]);
        }
    }

    function test_WhenRewardIsTheLargest_BountyIsPaidFor() public {
        usdc.mint(poster, 1.05e15);
        _expectTransfer(poster, address(market), 1.05e15);
        _post(1e15);
        assertEq(market.getBounty(1).reward, 1e15);
    }

    function test_RevertWhen_RewardIsOutOfRange() public {
        uint256[4] memory rewards = [uint256(0), 9999, 1e15 + 1, type(uint256).max];
        for (uint256 i = 0; i < rewards.length; ++i) {
            bytes memory reason =
                abi.encodeWithSelector(IBountyMarket.RewardOutOfRange.selector, rewards[i], 10_000, 1e15);
            _expectRefused(reason, WORK, rewards[i], DEADLINE);
        }
    }

    function test_WhenDeadlineIsAtEitherEnd_BountyIsCreated() public {
        market.createBounty(WORK, REWARD, START + 1, terms);
        market.createBounty(WORK, REWARD, START + 365 days, terms);
        assertEq(market.getBounty(1).deadline, START + 1);
        assertEq(market.getBounty(2).deadline, START + 365 days);
    }

    function test_RevertWhen_DeadlineIsOutOfRange() public {
        uint64[5] memory deadlines = [0, START - 1, START, START + 365 days + 1, type(uint64).max];
        for (uint256 i = 0; i < deadlines.length; ++i) {
            bytes memory reason = abi.encodeWithSelector(
                IBountyMarket.DeadlineOutOfRange.selector, deadlines[i], START + 1, START + 365 days
            );
            _expectRefused(reason, WORK, REWARD, deadlines[i]);
        }
    }

    function test_WhenStringIsAtEitherEnd_BountyIsCreated() public {
        string memory longest = string(new bytes(128));
        _expectEvent();
        emit IBountyMarket.BountyCreated(1, address(this), "Q", REWARD, FEE, LOCK, DEADLINE, 7 days, address(0));
        market.createBounty("Q", REWARD, DEADLINE, terms);
        _expectEvent();
        emit IBountyMarket.BountyCreated(2, address(this), longest, REWARD, FEE, LOCK, DEADLINE, 7 days, address(0));
        market.createBounty(longest, REWARD, DEADLINE, terms);
    }

    function test_RevertWhen_StringIsEmptyOrTooLong() public {
        bytes memory empty = abi.encodeWithSelector(IBountyMarket.InvalidStringLength.selector, 0, 128);
        _expectRefused(empty, "", REWARD, DEADLINE);
        bytes memory tooLong = abi.encodeWithSelector(IBountyMarket.InvalidStringLength.selector, 129, 128);
        _expectRefused(tooLong, string(new bytes(129)), REWARD, DEADLINE);
    }

    function test_RevertWhen_StringIsEmptyAndRewardIsZero_TheStringIsNamed() public {
        _expectRefused(abi.encodeWithSelector(IBountyMarket.InvalidStringLength.selector, 0, 128), "", 0, DEADLINE);
    }

    function test_RevertGiven_TooSmallAllowance_WhenPosted() public {
        vm.prank(poster);
        usdc.approve(address(market), 105e6 - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientAllowance.selector, address(market), 105e6 - 1, 105e6)
        );
        _post();
        assertEq(market.bountyCount(), 0);
    }

    function _expectRefused(bytes memory reason, string memory ipfsHash, uint256 reward, uint64 deadline) private {
        vm.expectRevert(reason);
        market.createBounty(ipfsHash, reward, deadline, terms);
        vm.expectRevert(reason);
        market.postBounty(ipfsHash, reward, deadline, terms);
    }
}
