package main

import (
	"strings"

	"golang.org/x/text/width"
)

// role is what a column holds.
type role uint8

const (
	noRole role = iota
	roleFrom
	roleTo
	rolePeer // the other side of whose log it is, or a number of which nothing is said
	roleAccount
	roleText
	roleTime
	roleSent
	roleReceived
	roleStatus
	roleDirection
	roleKind // a direction, where all its values are words for one
	roleIP
	roleThread
	roleTerm
	roles
)

// names of roles in diagnostics.
var roleNames = [roles]string{
	roleFrom: "from", roleTo: "to", rolePeer: "number", roleAccount: "account", roleText: "text", roleTime: "time", roleSent: "time_sent",
	roleReceived: "time_received", roleStatus: "status", roleDirection: "direction", roleKind: "direction", roleIP: "ip",
	roleThread: "conversation", roleTerm: "matched_term",
}

// headings are the words of header lines, as normalise leaves them.
var headings = map[role]string{
	roleFrom: `发送方 发件人 发送者 发送人 发信人 寄件人 寄件者 发送号码 发件号码 发信号码 发送方号码 发送者号码 发件人号码 发送人号码 发送手机号 发送方手机号 发件人手机号
		主叫 主叫号码 主叫方 主叫号 源号码 来源号码 来源 發送方 發件人 發送者 發送人 發信人 發送號碼 發件號碼 發信號碼 發送方號碼 發件人號碼 寄件號碼 主叫號碼 主叫號 來源號碼 來源
		from sender sentfrom sentby fromnumber fromphone fromphonenumber fromaddress sendernumber senderphone senderphonenumber senderaddress sendernumberid
		originator originatingaddress origin source sourceaddress sourcenumber callingnumber callingparty caller messagefrom 送信者 差出人`,
	roleTo: `接收方 收件人 接收者 接收人 收信人 收件者 接收号码 收件号码 收信号码 接收方号码 接收者号码 收件人号码 接收人号码 接收手机号 接收方手机号 收件人手机号 被叫 被叫号码 被叫方 被叫号
		目标号码 目的号码 接收號碼 收件號碼 收信號碼 接收方號碼 收件人號碼 被叫號碼 被叫號 目標號碼 目的號碼
		to recipient recipients receiver receivers sentto tonumber tophone tophonenumber toaddress recipientnumber recipientphone recipientphonenumber receivernumber receiverphone
		destination destinationaddress destinationnumber callednumber calledparty called messageto 受信者 宛先`,
	rolePeer: `手机号 手机号码 手机 号码 电话 电话号码 对方号码 对方 对方手机号 对端号码 联系号码 联系电话 联系人号码 手機號 手機號碼 手機 號碼 電話 電話號碼 對方號碼 對方 對端號碼 聯絡電話 聯絡號碼
		number phone phonenumber address addresses mobile mobilenumber mobilephone cell cellphone telephone telephonenumber tel msisdn contactnumber contactphone otherparty otherpartynumber
		remoteparty remotenumber participant party partynumber correspondent 電話番号`,
	roleAccount: `本机号码 本机 机主 机主号码 用户号码 账号 帐号 用户名 本機號碼 本機 機主 機主號碼 用戶號碼 帳號 賬號
		account owner ownnumber ownernumber localnumber mynumber devicenumber subscriber subscribernumber username user`,
	roleText: `内容 短信内容 短信正文 短信 短信息 短消息 短消息内容 信息内容 消息内容 消息 正文 文本 文本内容 简讯 简讯内容 內容 短信內容 短訊 短訊內容 簡訊 簡訊內容 簡訊正文 訊息 訊息內容 信息內容 消息內容
		body text content contents message messages messagetext messagebody messagecontent messagecontents sms smstext smsbody smscontent smsmessage msg msgtext msgbody textmessage 本文 メッセージ`,
	roleTime: `时间 日期 日期时间 时间日期 时间戳 短信时间 记录时间 通信时间 北京时间 创建时间 時間 日期時間 時間戳 簡訊時間 記錄時間 北京時間 建立時間
		time date datetime dateandtime timestamp dateortime messagetime messagedate messagedatetime smstime smsdate eventtime logtime logdate created createdat when 日時 日付`,
	roleSent: `发送时间 发送日期 发件时间 发信时间 发出时间 发送日期时间 發送時間 發送日期 發件時間 發信時間 發出時間
		sent senttime sentdate sentdatetime sentat senton sendtime senddate timesent datesent datetimesent senttimestamp timestampsent 送信日時`,
	roleReceived: `接收时间 接收日期 收到时间 收件时间 收信时间 到达时间 接收時間 接收日期時間 收到時間 收件時間 收信時間 到達時間
		received receivedtime receiveddate receiveddatetime receivedat receivedon receivetime receivedate timereceived datereceived datetimereceived receivedtimestamp timestampreceived delivered deliverytime 受信日時`,
	roleStatus: `状态 发送状态 短信状态 消息状态 状态报告 狀態 發送狀態 簡訊狀態 訊息狀態
		status state smsstatus messagestatus deliverystatus sendstatus deliveryreport`,
	roleDirection: `方向 收发 收发方向 收发类型 短信方向 收發 收發方向 收發類型 direction inout incomingoutgoing`,
	roleKind:      `类型 短信类型 信息类型 消息类型 文件夹 信箱 邮箱 類型 簡訊類型 訊息類型 資料夾 type folder box mailbox messagebox messagetype msgtype smstype`,
	roleIP:        `ip ip地址 ip位址 发送ip 发送方ip 登录ip 客户端ip 發送ip 用戶端ip ipaddress ipaddr clientip sourceip srcip`,
	roleThread:    `会话 会话id 对话 會話 會話id 對話 thread threadid conversation conversationid chat chatid`,
	roleTerm:      `关键词 关键字 敏感词 命中词 匹配词 關鍵詞 關鍵字 敏感詞 命中詞 keyword matchedterm matchedkeyword matchedword`,
}

// elsewhere are headings of tables that have senders, recipients and texts, but
// are no text messages.
var elsewhere = "主题 主旨 主題 抄送 密送 副本 subject cc bcc messageid"

// roleOf finds a heading.
var roleOf = func() map[string]role {
	m := map[string]role{}
	for r, words := range headings {
		for w := range strings.FieldsSeq(words) {
			m[w] = r
		}
	}
	return m
}()

var isElsewhere = func() map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(elsewhere) {
		m[w] = true
	}
	return m
}()

// noise stands in headings without telling one from another.
var noise = strings.NewReplacer(" ", "", "_", "", "-", "", ".", "", ":", "", "/", "", `"`, "", "'", "", "*", "", "#", "", "\t", "", "\n", "", "\r", "", "\u00a0", "", "\u3000", "", "\ufeff", "")

// normalise makes headings comparable: one width, one case, without punctuation
// and without what stands in brackets, which is returned too.
func normalise(heading string) (word, brackets string) {
	s := strings.ToLower(width.Fold.String(heading))
	if i := strings.IndexAny(s, "([【"); i > 0 {
		s, brackets = s[:i], s[i:]
	}
	return noise.Replace(s), brackets
}

// directions are the words for one, as normalise leaves them.
var directions = func() map[string]string {
	m := map[string]string{}
	for word := range strings.FieldsSeq(`收 接收 收到 收件 收信 已接收 已收 接收短信 收件箱 收件匣 来信 接入 收短信 收入 來信 in inbox incoming received receive recv from mti`) {
		m[word] = "incoming"
	}
	for word := range strings.FieldsSeq(`发 发送 发出 发件 发信 已发送 已发 发送短信 发件箱 已发送邮件 發 發送 發出 發件 發信 已發送 已發 寄件 寄件匣 寄件備份 發件箱 out outbox outgoing sent send sentitems sentmessages to queued failed`) {
		m[word] = "outgoing"
	}
	for word := range strings.FieldsSeq(`草稿 草稿箱 草稿匣 draft drafts 未知 unknown`) {
		m[word] = "unknown"
	}
	return m
}()

// android are the values of the column type of Android's SMS provider
// (android.provider.Telephony.TextBasedSmsColumns: inbox, sent, draft, outbox,
// failed, queued). A draft was not sent.
var android = map[string]string{"1": "incoming", "2": "outgoing", "3": "unknown", "4": "outgoing", "5": "outgoing", "6": "outgoing"}
