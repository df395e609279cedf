// DelimitedTextTests
