import { afterEach, expect } from 'vitest'
import { takeDepartures } from './checkedFetch.ts'

afterEach(async () => {
  expect(await takeDepartures(), 'answers that differ from /openapi.json').toEqual([])
})
