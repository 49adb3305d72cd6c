/** A call to the node, by JSON-RPC. */
export type Call = { method: string; params?: unknown }

/** Sends a call to the node. @returns its result. */
export type Ask = (call: Call) => Promise<unknown>
