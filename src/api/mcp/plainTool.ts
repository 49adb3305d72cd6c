import type { Schema } from './schemas.ts'

/** Sends a request to the API. @param path the path and query. */
export type SendToApi = (path: string, init: RequestInit) => Promise<Response>

/** A tool that is more than an operation of the API. */
export type PlainTool = {
  name: string
  description: string
  inputs: Record<string, Schema>
  required: string[]
  /** @returns the answer, as of the API. @throws WrongInput */
  call: (send: SendToApi, input: Record<string, unknown>, signal: AbortSignal) => Promise<Response>
}

/** What the caller of a tool must correct. */
export class WrongInput extends Error {}

export const text = (description: string) => ({ type: 'string', description })
/** Models send numbers and objects as such or as text. */
export const number = (description: string) => ({ type: ['number', 'string'], description })
export const object = (description: string) => ({ type: ['object', 'string'], description })
