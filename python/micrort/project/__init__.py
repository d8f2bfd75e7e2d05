"""Libraries and firmware: SCons builds in the cache folder, figures from the linked images, runs on emulators."""
