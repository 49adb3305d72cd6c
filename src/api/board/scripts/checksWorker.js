// The worker of checks.js.
import { runChecks } from './checks/runChecks.js'

addEventListener('message', ({ data }) => postMessage(runChecks(data.checks, data.delivery)))
postMessage('ready')
