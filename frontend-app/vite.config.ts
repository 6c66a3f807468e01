import { dashboard } from '../packages/web-shared/vite.ts'

export default dashboard
