// SQLGenerationTests
