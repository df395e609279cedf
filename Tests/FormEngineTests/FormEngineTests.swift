// FormEngineTests
