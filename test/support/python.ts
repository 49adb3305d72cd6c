import { execa } from 'execa'

/** Of Debian first, which packages what `eth_account` in test/tools/python needs. */
const CANDIDATES = ['/usr/bin/python3', 'python3']

/** A Python that can run the client and sign; undefined if the machine has none. */
export const python = await findPython()
if (python === undefined) {
  console.warn('Tests of the Python client are skipped: install python3-ecdsa and python3-pycryptodome.')
}

async function findPython(): Promise<string | undefined> {
  for (const command of CANDIDATES) {
    const { exitCode } = await execa({ reject: false })(command, ['-c', 'import ecdsa, Cryptodome.Hash.keccak'])
    if (exitCode === 0) return command
  }
}

/** Runs a program that may import `runline` and `eth_account`. Its lines can be iterated over while it runs. */
export const startPython = (program: string) =>
  execa({
    input: program,
    env: { PYTHONPATH: 'packages/python:test/tools/python', PYTHONUNBUFFERED: '1', PYTHONDONTWRITEBYTECODE: '1' },
    timeout: 100_000,
  })(python ?? '', ['-W', 'error', '-'])
