// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title AgenticJobs
/// @notice A peer for the gas benchmark: an escrow by the specification of ERC-8183 (a draft), without hooks and fee.
/// @dev It has only what a completed job needs. The provider is named by the client and stakes nothing.
contract AgenticJobs {
    using SafeERC20 for IERC20;

    enum Status {
        Open,
        Funded,
        Submitted,
        Completed,
        Rejected,
        Expired
    }

    struct Job {
        address client;
        Status status;
        address provider;
        address evaluator;
        address hook;
        uint256 budget;
        uint256 expiredAt;
        string description;
    }

    event JobCreated(
        uint256 indexed jobId,
        address indexed client,
        address indexed provider,
        address evaluator,
        uint256 expiredAt,
        string description
    );
    event ProviderSet(uint256 indexed jobId, address indexed provider);
    event BudgetSet(uint256 indexed jobId, uint256 amount);
    event JobFunded(uint256 indexed jobId, address indexed client, uint256 amount);
    event JobSubmitted(uint256 indexed jobId, address indexed provider, bytes32 deliverable);
    event JobCompleted(uint256 indexed jobId, address indexed evaluator, bytes32 reason);
    event PaymentReleased(uint256 indexed jobId, address indexed provider, uint256 amount);

    error WrongStatus(uint256 jobId, Status status);
    error WrongCaller(uint256 jobId, address caller);

    IERC20 public immutable paymentToken;

    uint256 public jobCount;

    mapping(uint256 jobId => Job) private _jobs;

    constructor(IERC20 token) {
        paymentToken = token;
    }

    function createJob(
        address provider,
        address evaluator,
        uint256 expiredAt,
        string calldata description,
        address hook
    ) external returns (uint256 jobId) {
        require(evaluator != address(0) && expiredAt > block.timestamp);
        jobId = ++jobCount;
        Job storage job = _jobs[jobId];
        job.client = msg.sender;
        job.provider = provider;
        job.evaluator = evaluator;
        job.hook = hook;
        job.expiredAt = expiredAt;
        job.description = description;
        emit JobCreated(jobId, msg.sender, provider, evaluator, expiredAt, description);
    }

    function setProvider(uint256 jobId, address provider, bytes calldata) external {
        Job storage job = _only(jobId, Status.Open, _jobs[jobId].client);
        require(job.provider == address(0) && provider != address(0));
        job.provider = provider;
        emit ProviderSet(jobId, provider);
    }

    function setBudget(uint256 jobId, uint256 amount, bytes calldata) external {
        Job storage job = _only(jobId, Status.Open, _jobs[jobId].client);
        job.budget = amount;
        emit BudgetSet(jobId, amount);
    }

    function fund(uint256 jobId, uint256 expectedBudget, bytes calldata) external {
        Job storage job = _only(jobId, Status.Open, _jobs[jobId].client);
        require(job.provider != address(0) && job.budget != 0 && job.budget == expectedBudget);
        job.status = Status.Funded;
        emit JobFunded(jobId, msg.sender, expectedBudget);
        paymentToken.safeTransferFrom(msg.sender, address(this), expectedBudget);
    }

    function submit(uint256 jobId, bytes32 deliverable, bytes calldata) external {
        Job storage job = _only(jobId, Status.Funded, _jobs[jobId].provider);
        job.status = Status.Submitted;
        emit JobSubmitted(jobId, msg.sender, deliverable);
    }

    function complete(uint256 jobId, bytes32 reason, bytes calldata) external {
        Job storage job = _only(jobId, Status.Submitted, _jobs[jobId].evaluator);
        job.status = Status.Completed;
        emit JobCompleted(jobId, msg.sender, reason);
        emit PaymentReleased(jobId, job.provider, job.budget);
        paymentToken.safeTransfer(job.provider, job.budget);
    }

    function _only(uint256 jobId, Status status, address caller) private view returns (Job storage job) {
        job = _jobs[jobId];
        if (job.status != status) revert WrongStatus(jobId, job.status);
        if (msg.sender != caller) revert WrongCaller(jobId, msg.sender);
    }
}
