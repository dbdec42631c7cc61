export default { test: { globalSetup: "./phaseflag.setup.mjs" } };
