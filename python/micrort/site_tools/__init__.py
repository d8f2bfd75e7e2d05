"""SCons tools: `Environment(tools=["default", "micrort_target", …], toolpath=[PyPackageDir("micrort.site_tools")])`."""
