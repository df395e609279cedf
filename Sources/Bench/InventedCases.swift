import DataAccess

/// Rows for the benchmark: the same for the same number, with a violation of each rule now and then.
struct InventedCases {
    let rows: Int

    func write(to path: String) throws {
        let sink = try FileSink(path, exclusive: false)
        var text = "id,number,court,method,filed,closed,amount,days\n"
        var state: UInt64 = 20_261_101
        func random(_ bound: UInt64) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % bound)
        }
        func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
        for row in 1...rows {
            let (month, day, length) = (random(12) + 1, random(14) + 1, random(14))
            let isOpen = random(3) == 0
            let closedDay = random(1000) == 0 ? day - 1 : day + length
            let closed = isOpen || closedDay < 1 ? "" : "2025-\(two(month))-\(two(closedDay))"
            let number = random(2000) == 0 ? row - 1 : row
            let method = isOpen ? "" : random(500) == 0 ? "" : random(700) == 0 ? "99" : "0\(random(5) + 1)"
            let amount = random(900) == 0 ? "-1.00" : "\(random(1_000_000)).\(two(random(100)))"
            let days = closed.isEmpty ? "" : "\(random(800) == 0 ? 999 : closedDay - day)"
            text +=
                "\(row),（2025）豫1702民初\(number)号,豫1702,\(method),2025-\(two(month))-\(two(day)),\(closed),\(amount),\(days)\n"
            if row % 4096 == 0 || row == rows {
                try text.withUTF8 { try sink.write(UnsafeRawBufferPointer($0)) }
                text = ""
            }
        }
        try sink.finish()
    }
}
