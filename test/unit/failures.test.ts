import { expect, it } from 'vitest'
import { classifyReadError } from '../../core/database/failures.ts'

const coded = (code: string) => Object.assign(new Error('from the server'), { code })

it.each([
  ["a standby's recovery conflict", coded('40001'), 'transient'],
  ['deadlock_detected', coded('40P01'), 'transient'],
  ['lock_not_available', coded('55P03'), 'transient'],
  ['query_canceled', coded('57014'), 'transient'],
  [
    'a statement that took too long',
    Object.assign(coded('57014'), { message: 'canceling statement due to statement timeout' }),
    'exhausted',
  ],
  ['admin_shutdown', coded('57P01'), 'transient'],
  ['cannot_connect_now', coded('57P03'), 'transient'],
  ['too_many_connections', coded('53300'), 'transient'],
  ['read_only_sql_transaction', coded('25006'), 'transient'],
  ['connection_failure', coded('08006'), 'transient'],
  ['a refused connection', coded('ECONNREFUSED'), 'transient'],
  ['a cut connection', coded('ECONNRESET'), 'transient'],
  ['a cut connection, without a code', new Error('Connection terminated unexpectedly'), 'transient'],
  ['a silent server', new Error('Query read timeout'), 'transient'],
  ['an exhausted pool', new Error('timeout exceeded when trying to connect'), 'exhausted'],
  ['disk_full', coded('53100'), 'exhausted'],
  ['out_of_memory', coded('53200'), 'exhausted'],
  ['undefined_table', coded('42P01'), 'missing'],
  ['undefined_column', coded('42703'), 'schema'],
  ['syntax_error', coded('42601'), undefined],
  ['invalid_password', coded('28P01'), undefined],
  ['a defect', new TypeError('x is not a function'), undefined],
  ['a value that is not an error', 'ECONNREFUSED', undefined],
])('%s is %s', (_, error, expected) => {
  expect(classifyReadError(error)).toBe(expected)
})
