// `npm run deploy`. The command is imported last, because hooks change only imports that come after them.
import '../core/cheapImports.ts'
import '../core/ponderTables.ts'

await import('./deployment/command.ts')
