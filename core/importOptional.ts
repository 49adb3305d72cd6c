/** Node's message of a package that is not there. */
const missing = /Cannot find package '(?<name>(?:@[\w.-]+\/)?[\w.-]+)/

/**
 * Loads a module that imports packages of `optionalDependencies`.
 * @param setting What needs it.
 * @throws an error that names the package, where it is not installed.
 */
export async function importOptional<Module>(setting: string, load: () => Promise<Module>): Promise<Module> {
  try {
    return await load()
  } catch (error) {
    const { name } = missing.exec((error as Error).message)?.groups ?? {}
    if (!name) throw error
    const advice = `Run npm install ${name}, or npm ci without --omit=optional; or remove the setting.`
    throw new Error(`${setting} needs the package ${name}, which is not installed. ${advice}`, { cause: error })
  }
}
