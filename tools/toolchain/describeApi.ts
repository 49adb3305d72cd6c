// Prints the OpenAPI document of the API. The API is imported last, because hooks change only imports that come after them.
import '../../core/cheapImports.ts'
import '../../core/ponderTables.ts'

const { apiDescription } = await import('./apiDescription.ts')
process.stdout.write(await apiDescription())
