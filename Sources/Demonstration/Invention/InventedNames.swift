/// Names, streets and telephone numbers of nobody.
enum InventedNames {
    private static let surnames = Array("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕")
    private static let first = Array("建志文国明永春秀海玉晓雪思嘉若承云景书安宏立振家德")
    private static let second = Array("华强军平伟芳英兰敏静丽峰波涛宁杰慧琳萍辉阳远清瑞和民生田")
    private static let streets = ["桃源路", "青石街", "望月路", "杏花巷", "云溪街", "松岗路", "芦花街", "竹影路"]
    private static let trades = ["商贸", "建筑工程", "物流", "农业发展", "科技", "置业", "餐饮管理", "机械设备"]
    private static let companyWords = ["云栖", "禾丰", "启明", "长河", "松涛", "金穗", "晨星", "远帆", "青禾", "万象"]

    static func person(_ random: inout RandomSource) -> String {
        let surname = String(random.one(of: surnames))
        let given = String(random.one(of: first))
        return random.chance(75) ? surname + given + String(random.one(of: second)) : surname + given
    }

    static func company(_ random: inout RandomSource) -> String {
        random.one(of: companyWords) + random.one(of: companyWords) + random.one(of: trades) + "有限公司"
    }

    static func address(_ random: inout RandomSource) -> String {
        "某县" + random.one(of: streets) + String(random.between(1...999)) + "号"
    }

    /// No number of a mobile telephone begins with 100.
    static func phone(_ random: inout RandomSource) -> String {
        "100" + IdentityNumbers.padded(random.below(100_000_000), 8)
    }
}
