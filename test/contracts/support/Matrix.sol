// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Test} from "./Test.sol";

/// @title Matrix
/// @notice A table of the outcome of every call, under every condition, by every caller, and the test of each of its
/// cells.
/// @dev A row is one call. Its cells are symbols, one per condition: '+' succeeds for `callers`; '*' succeeds for every
/// caller; '!' is refused for every caller; any other symbol is an error of the legend, raised for `callers` only, or
/// for every caller. A caller outside `callers` is refused with `otherwise`, except where every caller is refused
/// alike.
abstract contract Matrix is Test {
    struct Row {
        string call;
        string cells;
        /// A bit for each index of `_callers` that may make the call.
        uint256 callers;
        /// The error for every other caller.
        bytes4 otherwise;
    }

    struct Meaning {
        bytes4 selector;
        bool forEveryone;
    }

    bytes4 internal constant DONE = 0;
    uint256 internal constant ANYONE = type(uint256).max;

    Row[] internal _rows;
    address[] internal _callers;
    string[] internal _callerNames;
    mapping(bytes1 symbol => Meaning) private _legend;

    /// @dev Makes the call. Returns the data of its error, empty if it succeeds.
    function _try(Row memory row, address caller) internal virtual returns (bytes memory refusal);

    /// @dev The values of the error that refuses a call of `caller`.
    /// @param isCaller Whether the row names `caller` among those that may make the call.
    function _valuesOf(bytes4 selector, address caller, bool isCaller) internal view virtual returns (bytes memory);

    function _forEveryone(bytes1 symbol, bytes4 selector) internal {
        _legend[symbol] = Meaning(selector, true);
    }

    function _forCallers(bytes1 symbol, bytes4 selector) internal {
        _legend[symbol] = Meaning(selector, false);
    }

    function _caller(address account, string memory name) internal returns (uint256 bit) {
        bit = 2 ** _callers.length;
        _callers.push(account);
        _callerNames.push(name);
    }

    /// @dev Every row by every caller, each from the same state.
    function _assertColumn(uint256 condition, string memory name) internal {
        uint256 snapshot = vm.snapshotState();
        for (uint256 i = 0; i < _rows.length; ++i) {
            Row memory row = _rows[i];
            for (uint256 j = 0; j < _callers.length; ++j) {
                bytes memory refusal = _try(row, _callers[j]);
                vm.revertToState(snapshot);
                string memory where = string.concat(row.call, ", ", name, ", by ", _callerNames[j]);
                assertEq(refusal, _expectedRefusal(row, condition, j), where);
            }
        }
        vm.revertToStateAndDelete(snapshot);
    }

    function _refusal(bool ok, bytes memory answer) internal pure returns (bytes memory) {
        if (ok) return "";
        return answer.length == 0 ? bytes("no data") : answer;
    }

    function _expectedRefusal(Row memory row, uint256 condition, uint256 caller) private view returns (bytes memory) {
        bool isCaller = row.callers >> caller & 1 == 1;
        bytes4 selector = _expected(row, bytes(row.cells)[condition], isCaller);
        return selector == DONE ? bytes("") : bytes.concat(selector, _valuesOf(selector, _callers[caller], isCaller));
    }

    function _expected(Row memory row, bytes1 symbol, bool isCaller) private view returns (bytes4) {
        if (symbol == "!") return row.otherwise;
        if (symbol == "*") return DONE;
        if (symbol == "+") return isCaller ? DONE : row.otherwise;
        Meaning memory meaning = _legend[symbol];
        require(meaning.selector != 0, string.concat("the legend lacks ", string(abi.encodePacked(symbol))));
        return meaning.forEveryone || isCaller ? meaning.selector : row.otherwise;
    }

    /// @dev Requires a row for every function of the contract's ABI that is not a view. A row may add a remark to the
    /// name, such as "collect (nothing owed)".
    function _assertRowForEveryCall(string memory contractName) internal view {
        string memory json = vm.readFile(string.concat("out/", contractName, ".sol/", contractName, ".json"));
        for (uint256 i = 0; vm.keyExistsJson(json, _abiKey(i, "")); ++i) {
            if (!vm.keyExistsJson(json, _abiKey(i, ".stateMutability"))) continue;
            if (!vm.keyExistsJson(json, _abiKey(i, ".name"))) continue;
            string memory mutability = vm.parseJsonString(json, _abiKey(i, ".stateMutability"));
            if (_same(mutability, "view") || _same(mutability, "pure")) continue;
            string memory name = vm.parseJsonString(json, _abiKey(i, ".name"));
            assertTrue(_hasRow(name), string.concat("no row for ", name));
        }
    }

    function _abiKey(uint256 i, string memory field) private pure returns (string memory) {
        return string.concat(".abi[", vm.toString(i), "]", field);
    }

    function _hasRow(string memory name) private view returns (bool) {
        for (uint256 i = 0; i < _rows.length; ++i) {
            if (_same(_firstWord(_rows[i].call), name)) return true;
        }
        return false;
    }

    function _firstWord(string memory text) private pure returns (string memory) {
        bytes memory word = bytes(text);
        uint256 length = 0;
        while (length < word.length && word[length] != " ") ++length;
        assembly ("memory-safe") {
            mstore(word, length)
        }
        return string(word);
    }

    function _same(string memory left, string memory right) private pure returns (bool) {
        return keccak256(bytes(left)) == keccak256(bytes(right));
    }
}
