import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

/** Where Chromium is: what the environment names, then where Debian and Google install it. */
const CANDIDATES = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

const executablePath = CANDIDATES.find((path) => path !== undefined && existsSync(path))

if (executablePath === undefined) console.warn('Tests in a browser are skipped: install chromium, or set CHROMIUM.')

/** A headless Chromium, or undefined where none is installed. The caller closes it. */
export async function openBrowser() {
  // Chromium's sandbox does not start as root, as in a container. The tests load their own pages only.
  return executablePath === undefined ? undefined : chromium.launch({ executablePath, args: ['--no-sandbox'] })
}
