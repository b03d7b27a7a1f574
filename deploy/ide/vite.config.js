import { defineConfig } from 'vite';

export default defineConfig({
  base: '/ide/',
  // dist/.gitignore is committed, so that the folder exists in a fresh clone; the build script removes the rest.
  build: {
    outDir: 'dist',
    emptyOutDir: false,
    chunkSizeWarningLimit: 8000,
    modulePreload: { polyfill: false },
    rollupOptions: {
      // React's server directives mean nothing in a bundle for the browser.
      onwarn: (warning, warn) => warning.code === 'MODULE_LEVEL_DIRECTIVE' || warn(warning),
    },
  },
  worker: { format: 'es' },
  esbuild: { jsx: 'automatic', legalComments: 'inline' },
});
