// `npm run start:api`. The server is imported last, because hooks change only imports that come after them.
import '../../core/cheapImports.ts'
import '../../core/sureExit.ts'
import '../../core/ponderTables.ts'

await import('./server.ts')
