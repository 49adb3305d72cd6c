/** Sends a request to the API. @param path the path and query. */
export type SendToApi = (path: string, init: RequestInit) => Promise<Response>
