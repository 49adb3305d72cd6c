// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC721Receiver} from "@openzeppelin/contracts/token/ERC721/IERC721Receiver.sol";

/// @notice Makes the given calls when it receives an agent, in order, and records the result of each.
contract ActingReceiver is IERC721Receiver {
    struct Act {
        address target;
        bytes data;
    }

    Act[] private _acts;
    bool[] public succeeded;
    bytes[] public answers;

    function prepare(address target, bytes calldata data) external {
        _acts.push(Act(target, data));
    }

    /// @dev A later call from this contract's address.
    function act(address target, bytes calldata data) external {
        (bool success,) = target.call(data);
        require(success, "act failed");
    }

    function onERC721Received(address, address, uint256, bytes calldata) external returns (bytes4) {
        for (uint256 i = 0; i < _acts.length; ++i) {
            (bool success, bytes memory answer) = _acts[i].target.call(_acts[i].data);
            succeeded.push(success);
            answers.push(answer);
        }
        return IERC721Receiver.onERC721Received.selector;
    }
}
