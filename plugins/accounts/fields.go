package main

import (
	"slices"
	"strings"
	"unicode"
)

// Fields that columns become, as layouts and diagnostics name them.
const (
	fUsername     = "username"
	fDisplayName  = "display_name"
	fPhone        = "phone"
	fEmail        = "email"
	fIP           = "ip"
	fTime         = "time"
	fCredential   = "credential"
	fNationalID   = "national_id"
	fOwner        = "owner"
	fName         = "name"
	fOrganisation = "organisation"

	// Parts of display_name or name.
	fFirst = "first"
	fLast  = "last"
)

// Kinds of records.
const (
	kindAccount = "account"
	kindContact = "contact"
	kindRow     = "row"
)

// fieldsOf are the fields that each kind has.
var fieldsOf = map[string][]string{
	kindAccount: {fUsername, fDisplayName, fPhone, fEmail, fIP, fTime, fCredential, fNationalID},
	kindContact: {fOwner, fName, fPhone, fEmail, fUsername, fOrganisation, fTime},
	kindRow:     {},
}

// several are the fields that more than one column may become.
var several = []string{fDisplayName, fName, fPhone, fEmail, fIP, fUsername}

// synonyms are columns' names without case, spaces and underscores, by field; the
// better one first, where only one column becomes the field.
var synonyms = map[string][]string{
	fUsername: strings.Fields(`username loginname userlogin login loginid uname account accountname accountid accname screenname handle
		user nick member membername memberid passport passportname skypename skypeid qq qqnumber
		用户名 用户名称 账号 帐号 账户 帐户 账户名 登录名 登陆名 用户账号 用户帐号 会员名 用户 会员账号`),
	fDisplayName: strings.Fields(`displayname nickname nick fullname realname truename screenname name chinesename cnname personname
		customername clientname membername contactname employeename 昵称 姓名 真实姓名 名字 名称 真名 用户姓名 中文名 显示名`),
	fFirst: strings.Fields(`firstname fname givenname forename first vorname prenom nombre`),
	fLast:  strings.Fields(`lastname lname surname familyname last nachname apellido`),
	fPhone: strings.Fields(`mobile mobilephone mobileno mobilenumber mobilephoneno phone phoneno phonenumber phonenum cellphone cell cellno cellular
		tel telno telephone telephoneno telnumber telephonenumber msisdn contactphone contactno contactnumber homephone workphone officephone
		homenumber worknumber phone1 phone2 tel1 tel2 mobile1 mobile2 phonehome phonework phonemobile regphone bindphone bindmobile sjh shouji dianhua
		手机 手机号 手机号码 电话 电话号码 联系电话 移动电话 固定电话 家庭电话 办公电话 绑定手机 注册手机`),
	fEmail: strings.Fields(`email mail emailaddress emailaddr mailaddress useremail emailid email1 email2 regemail bindemail contactemail personalemail workemail
		youxiang 邮箱 电子邮箱 电子邮件 邮件 邮箱地址 邮件地址 注册邮箱`),
	fIP: strings.Fields(`regip ip lastip ipaddress ipaddr loginip lastloginip registerip registrationip signupip createip createdip creationip joinip userip clientip
		remoteip currentsigninip lastsigninip currentloginip
		注册ip 登录ip 登陆ip 最后登录ip 最后登陆ip ip地址`),
	fTime: strings.Fields(`regtime regdate registertime registerdate registered registeredat registrationdate registrationtime created createdat createdate createddate
		createdtime createtime creationdate creationtime createdon datecreated timecreated joindate joined joinedat joineddate datejoined signupdate signuptime
		signedup signedupat insertdate inserttime addtime adddate dateadded addedat usersince membersince gmtcreate ctime zcsj
		注册时间 注册日期 创建时间 创建日期 建立时间 添加时间 开户时间 加入时间`),
	fCredential: strings.Fields(`passwd password pwd pass userpass userpassword userpwd passwordhash passwdhash pwdhash passhash hash hashedpassword encryptedpassword
		passworddigest cryptedpassword loginpwd loginpassword loginpass secret upass upwd mima
		密码 口令 登录密码 登陆密码 用户密码`),
	fNationalID: strings.Fields(`idcard idcardno idcardnumber idcardnum idno idnumber idnum nationalid nationalidnumber identitycard identitycardno identityno identitynumber
		ssn socialsecuritynumber socialsecurity citizenid citizenno personalid certno certificateno passportno passportnumber sfz sfzh shenfenzheng cnic nric cpf dni
		身份证 身份证号 身份证号码 证件号 证件号码`),
	fOwner:        strings.Fields(`owner ownerid ownername owneruser userid uid user username account accountid fromuser fromuid myid memberid 用户 用户名 所有者 主人`),
	fName:         strings.Fields(`name contactname fullname displayname friendname buddyname nickname nick remark alias realname 姓名 联系人 联系人姓名 好友昵称 昵称 备注 备注名 名称`),
	fOrganisation: strings.Fields(`company companyname organisation organization org employer corporation firm 公司 单位 公司名称 工作单位 机构`),
}

// friendNames are usernames of the other side in a table of contacts.
var friendNames = strings.Fields(`friend friendid frienduid frienduserid friendname friendusername buddy buddyid buddyuid buddyname contact contactid contactuid contactuser
	contactusername contactuserid touser touid peer peerid targetuser targetid followid fuid fusername jid qq 好友 好友账号 好友id 对方`)

// entities may stand before a column's name and say nothing: user_email, c_phone.
var entities = strings.Fields(`user member account customer client staff employee contact person people owner admin subscriber passport profile buyer seller student teacher
	patient cust acc usr mem u c m f fd fld col my the`)

// Words in tables' names. Those of contents speak against a table of people.
var (
	accountTables = strings.Fields(`user users account accounts member members customer customers client clients staff employee employees admin admins administrator
		administrators profile profiles person persons people subscriber subscribers passport passports player players student students patient patients userinfo
		userdata memberinfo accountinfo login logins passwd ucmembers auth authuser 用户 会员 账号 帐号 客户 员工 用户表 会员表`)
	contactTables = strings.Fields(`contact contacts friend friends friendship friendships buddy buddies buddylist addressbook phonebook roster rosters contactlist
		friendlist rosterusers 联系人 好友 通讯录 好友列表`)
	contentTables = strings.Fields(`log logs history session sessions order orders comment comments message messages msg msgs post posts audit token tokens event events
		visit visits invoice invoices payment payments transaction transactions ticket tickets mail mails sms call calls queue job jobs cache archive guestbook
		日志 订单 消息 评论 留言 记录`)
	contentColumns = strings.Fields(`content message msg body text subject title comment comments summary price amount total quantity qty sku url query
		内容 消息 标题 正文 主题 价格 金额 数量`)
)

// plainName is a name without case and without what joins words.
func plainName(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || r == '-' || r == ' ' || r == '.' {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
}

// words splits a name at what joins words, capitals and digits.
func words(s string) []string {
	var out []string
	word, before := []rune{}, ' '
	flush := func() {
		if len(word) > 0 {
			out = append(out, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	for _, r := range s {
		switch {
		case r == '_' || r == '-' || r == ' ' || r == '.' || unicode.IsDigit(r):
			flush()
		case unicode.IsUpper(r) && unicode.IsLower(before):
			flush()
			word = append(word, r)
		default:
			word = append(word, r)
		}
		before = r
	}
	flush()
	return out
}

// rank returns how good a name a column has for a field, from 0, -1 for none.
// Names with an entity before them are tried without it as well.
func rank(list []string, name string) int {
	plain := plainName(name)
	if i := slices.Index(list, plain); i >= 0 {
		return i
	}
	parts := words(name)
	for n := 1; n < len(parts) && n <= 2; n++ {
		if !slices.Contains(entities, parts[n-1]) {
			break
		}
		if i := slices.Index(list, strings.Join(parts[n:], "")); i >= 0 {
			return i + len(list)
		}
	}
	return -1
}

// mentions reports whether a table's name has one of the words. The first name of
// a qualified one is of a database or schema, which says nothing of the table.
func mentions(table string, list []string) bool {
	if i := strings.LastIndexByte(table, '.'); i >= 0 {
		table = table[i+1:]
	}
	if slices.Contains(list, plainName(table)) {
		return true
	}
	for _, w := range words(table) {
		if slices.Contains(list, w) {
			return true
		}
	}
	return false
}
