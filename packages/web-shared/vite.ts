import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

/**
 * How a dashboard is built: its files find each other wherever they are served. `npm run dev -w frontend` serves the sources themselves, beside the API
 * of `npm start`.
 */
export const dashboard = defineConfig({
  base: './',
  plugins: [react()],
  build: { chunkSizeWarningLimit: 800, modulePreload: { polyfill: false }, emptyOutDir: true },
  server: { proxy: { '/api': 'http://localhost:3000' } },
})
